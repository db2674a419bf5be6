"""Every script there is."""

from tests.fidelity import http1_requests, http1_responses, http2_corpus
from tests.fidelity.stage import Script

CORPUS: tuple[Script, ...] = (
    *http1_requests.REQUESTS,
    *http1_requests.BODIES,
    *http1_requests.CONNECTIONS,
    *http1_requests.REFUSED,
    *http1_requests.FORWARD,
    *http1_responses.HEADS,
    *http1_responses.BODIES,
    *http1_responses.STREAMS,
    *http1_responses.UPGRADES,
    *http1_responses.OVER_TLS,
    *http2_corpus.HEADS,
    *http2_corpus.ANSWERS,
    *http2_corpus.UPLOADS,
    *http2_corpus.STREAMS,
    *http2_corpus.TO_HTTP1,
    *http2_corpus.TUNNELLED,
)
