import re

import pytest
import requests

from lab.processes import Lab
from lab.users import USERS


@pytest.mark.parametrize("service", ["authentication", "accounting", "chat"])
def test_every_service_has_the_page_so_that_it_can_be_on_the_chats_origin_or_another(
    system: Lab, service: str
) -> None:
    answer = requests.get(f"http://localhost:{system.ports[service]}/demo", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "X-Streaming-Session-Id" in answer.text


def test_the_page_loads_nothing_from_elsewhere_and_knows_the_users(system: Lab) -> None:
    text = requests.get(f"{system.chat_url}/demo", timeout=10).text
    assert not re.findall(r"(?:src|href)=|@import|url\(|https?://", text)
    for user in USERS:
        if user.username in ("user1", "user2", "admin"):
            assert f'{user.username}: "{user.password}"' in text
