package sdk_runtime;

import java.net.http.HttpHeaders;
import java.util.Map;
import java.util.Optional;

/** The server answered with an error: a status of 400 or above, or a redirect that the definition does not declare. */
public class ApiError extends ClientError {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient HttpHeaders headers;
    private final transient Object data;
    private final transient Problem problem;

    ApiError(int status, HttpHeaders headers, Object data) {
        super(message(status, headers, problem(data)));
        this.status = status;
        this.headers = headers;
        this.data = data;
        this.problem = problem(data);
    }

    static ApiError of(int status, HttpHeaders headers, Object data) {
        return switch (status) {
            case 400, 413, 415, 422 -> new BadRequest(status, headers, data);
            case 401 -> new NotAuthenticated(status, headers, data);
            case 403 -> new NotPermitted(status, headers, data);
            case 404, 410 -> new NotFound(status, headers, data);
            case 409, 412 -> new Conflict(status, headers, data);
            case 429 -> new RateLimited(status, headers, data);
            default -> status >= 500
                    ? new ServerFailed(status, headers, data)
                    : new ApiError(status, headers, data);
        };
    }

    private static Problem problem(Object data) {
        return data instanceof Map<?, ?> ? JsonType.object(Problem::new).read(data) : new Problem(Map.of());
    }

    private static String message(int status, HttpHeaders headers, Problem problem) {
        Optional<String> location = headers.firstValue("location").filter(text -> status < 400);
        String text = problem.detail().or(problem::title).or(() -> location.map("it leads to "::concat)).orElse("");
        return problem.code().map(code -> status + " " + code + ": " + text).orElse((status + " " + text).strip());
    }

    /** The status code. */
    public final int status() {
        return status;
    }

    /** The headers of the response. */
    public final HttpHeaders headers() {
        return headers;
    }

    /** The body: plain JSON if it is JSON, else text; null if there is none. */
    public final Object data() {
        return data;
    }

    /** The details where the server gives any (RFC 9457), else empty. */
    public final Problem problem() {
        return problem;
    }

    /** The server's own name of the error, like {@code NOT_FOUND}. */
    public final Optional<String> code() {
        return problem.code();
    }

    /** The id by which the server's log names the request. */
    public final Optional<String> requestId() {
        return problem.requestId().or(() -> headers.firstValue("x-request-id"));
    }
}
