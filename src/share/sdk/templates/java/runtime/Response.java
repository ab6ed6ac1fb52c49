package sdk_runtime;

import java.net.http.HttpHeaders;

/**
 * A response: its status, its headers and its data.
 *
 * @param <T> the type of the data
 */
public final class Response<T> {
    private final int status;
    private final HttpHeaders headers;
    private final Object raw;
    private final JsonType<T> type;

    Response(int status, HttpHeaders headers, Object raw, JsonType<T> type) {
        this.status = status;
        this.headers = headers;
        this.raw = raw;
        this.type = type;
    }

    /** The status code. */
    public int status() {
        return status;
    }

    /** The headers by name, in any case. */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * The data; null if there is no body.
     *
     * @throws ClientError if the server sent another type than it declares
     */
    public T data() {
        return type.read(raw);
    }

    /** The data as they came: plain JSON, a text, {@link Download} or {@link ItemStream}; null if there is no body. */
    public Object raw() {
        return raw;
    }

    @Override
    public String toString() {
        return "Response(" + status + ", " + raw + ")";
    }
}
