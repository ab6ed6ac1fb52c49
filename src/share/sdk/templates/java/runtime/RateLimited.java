package sdk_runtime;

import java.net.http.HttpHeaders;

/** 429: too many requests. */
public final class RateLimited extends ApiError {
    private static final long serialVersionUID = 1L;

    RateLimited(int status, HttpHeaders headers, Object data) {
        super(status, headers, data);
    }
}
