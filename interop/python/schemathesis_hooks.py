"""Bodies that are bytes in another protocol: schemathesis sends them as they are."""

import schemathesis


@schemathesis.serializer("application/ocsp-request", "application/timestamp-query")
def as_bytes(ctx, value):
    if isinstance(value, bytes):
        return value
    binary = getattr(value, "data", None)  # schemathesis.generation's wrapper of `format: binary`
    return binary if isinstance(binary, bytes) else str(value).encode(errors="surrogatepass")
