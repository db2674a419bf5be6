"""Which scripts of the corpus mitmproxy itself changes, by the test that shows the change.

Compared with the two ends connected directly, whatever is not listed here arrives as it was sent.
"""

CHANGES: dict[str, tuple[str, ...]] = {
    "test_white_space_around_header_values_is_normalised": (
        "PLAIN: request: empty header values",
        "PLAIN: request: white space around values",
        "PLAIN: answer: empty and padded values",
        "TLS: answer: empty and padded values",
    ),
    "test_folded_header_lines_get_one_space": (
        "PLAIN: request: a folded header line",
        "PLAIN: answer: folded header line",
    ),
    "test_bare_line_feeds_become_crlf": ("PLAIN: request: bare line feeds",),
    "test_a_missing_reason_becomes_an_empty_one": ("PLAIN: answer: no reason, no space",),
    "test_reverse_mode_rewrites_host": ("PLAIN: request: a head in single bytes",),
    "test_a_head_leaves_when_it_is_complete": ("PLAIN: request: the client leaves in the head",),
    "test_an_empty_line_before_a_request_is_dropped": ("PLAIN: request: an empty line before the request",),
    "test_a_request_read_with_an_empty_line_waits_for_more": (
        "PLAIN: request: an empty line in the request's read",
    ),
    "test_a_chunk_read_in_two_leaves_as_two": (
        "PLAIN: request: a chunk in two writes",
        "PLAIN: request: one chunk of 100 KB",
        "PLAIN: answer: a chunk in two writes",
        "PLAIN: answer: one chunk of 100 KB",
        "TLS: answer: a chunk in two writes",
    ),
    "test_chunk_extensions_and_the_spelling_of_sizes_are_lost": (
        "PLAIN: request: chunk extensions",
        "PLAIN: request: chunk sizes in capitals, with zeros",
        "PLAIN: answer: chunk extensions",
        "PLAIN: answer: chunk sizes in capitals, with zeros",
    ),
    "test_a_chunk_cut_short_leaves_as_a_shorter_one": (
        "PLAIN: answer: the server closes in a chunk",
        "TLS: answer: the server closes in a chunk",
    ),
    "test_a_malformed_chunk_ends_both_connections": (
        "PLAIN: request: a bad chunk size",
        "PLAIN: answer: a bad chunk size",
    ),
    "test_trailers_of_http1_stall_the_exchange": (
        "PLAIN: request: an upload with trailers",
        "PLAIN: answer: trailers",
    ),
    "test_bytes_after_the_end_of_an_answer_are_dropped": (
        "PLAIN: answer: the server writes on after its end",
    ),
    "test_expect_is_answered_by_mitmproxy": ("PLAIN: request: Expect: 100-continue",),
    "test_an_informational_answer_is_taken_for_the_answer": (
        "PLAIN: answer: 100 Continue of the server",
        "PLAIN: answer: 103 Early Hints",
    ),
    "test_ambiguous_requests_are_refused": (
        "PLAIN: request: no request line",
        "PLAIN: request: both lengths",
        "PLAIN: request: a negative length",
        "PLAIN: request: a space in a header name",
    ),
    "test_an_answer_that_is_none_becomes_a_502": (
        "PLAIN: answer: the server leaves without an answer",
        "PLAIN: answer: the server leaves in its head",
        "PLAIN: answer: not HTTP",
        "PLAIN: answer: both lengths",
    ),
    "test_a_websocket_close_is_answered_by_mitmproxy": (
        "PLAIN: answer: WebSocket, frames both ways",
        "PLAIN: answer: WebSocket, cut",
        "TLS: answer: WebSocket, frames both ways",
    ),
    "test_end_stream_leaves_on_a_frame_of_its_own": (
        "H2: END_STREAM on DATA",
        "H2: content-length",
        "H2: an error",
        "H2: secrets",
        "H2: an upload, END_STREAM on DATA",
        "H2: three streams, interleaved",
        "H2: ten streams",
    ),
    "test_data_frames_are_split_at_the_limit_of_who_gets_them": (
        "H2: a frame of 100 KB",
        "H2: an upload frame of 100 KB",
    ),
    "test_padding_is_lost": ("H2: padding",),
    "test_pseudo_fields_come_in_one_order": ("H2: order of pseudo fields",),
    "test_authority_is_added_where_only_host_is_sent": ("H2: Host alone",),
    "test_reverse_mode_rewrites_authority_and_scheme": ("H2: a scheme of its own",),
    "test_streams_are_numbered_anew": ("H2: one after the other",),
    "test_an_informational_answer_of_http2_is_dropped": ("H2: an informational answer",),
    "test_a_reset_before_the_answer_becomes_a_502": (
        "H2: the server refuses a stream",
        "H2: an answer that breaks the rules",
    ),
    "test_a_reset_keeps_no_code_but_cancel": ("H2: the server stops the upload, NO_ERROR",),
    "test_a_lost_client_resets_its_streams_upstream": (
        "H2: the client leaves in a stream",
        "H2: the client vanishes in a stream",
    ),
    "test_a_lost_upstream_becomes_a_reset_stream": (
        "H2: the server leaves in a stream",
        "H2: the server vanishes in a stream",
        "H2: GOAWAY in a stream",
    ),
    "test_field_names_in_capitals_end_the_connection": ("H2: fields in capitals",),
}
