package sdk_runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A call of an operation, which {@link #send} sends.
 *
 * @param <S> its own type
 * @param <T> the type of the data of its response
 */
public abstract class Call<S extends Call<S, T>, T> {
    final Operation operation;
    final JsonType<T> result;
    final Object[] values;
    final List<Header> headers = new ArrayList<>();
    Object body;
    boolean hasBody;
    Duration timeout;
    boolean hasTimeout;
    Integer retries;
    String accept;
    String contentType;
    private final BaseClient client;

    /** Makes a call without values. */
    protected Call(BaseClient client, Operation operation, JsonType<T> result) {
        this.client = client;
        this.operation = operation;
        this.result = result;
        values = new Object[operation.parameters.size()];
    }

    /**
     * Sends the request and returns its response.
     *
     * @throws ApiError if the status is 400 or above, or a redirect that the definition does not declare
     * @throws ConnectionFailed if there is no response
     */
    public final Response<T> send() {
        return client.send(this);
    }

    /** Sets how long to wait for the server, each time; null is without end. */
    public final S timeout(Duration longest) {
        timeout = longest;
        hasTimeout = true;
        return self();
    }

    /** Sets the times that the request is sent again after 429, 503 or a lost connection. */
    public final S retries(int times) {
        retries = times;
        return self();
    }

    /** Adds a header. */
    public final S header(String name, String value) {
        headers.add(new Header(name, value));
        return self();
    }

    /** Sets the media types of the response, where several are declared. */
    public final S accept(String mediaTypes) {
        accept = mediaTypes;
        return self();
    }

    /** Sets the media type of the body, where several are declared. */
    public final S contentType(String mediaType) {
        contentType = mediaType;
        return self();
    }

    /** Sets a parameter; null leaves it out. */
    protected final S set(int index, Object value) {
        values[index] = Json.raw(value);
        return self();
    }

    /** Sets the body. */
    protected final S setBody(Object value) {
        body = Json.raw(value);
        hasBody = true;
        return self();
    }

    @SuppressWarnings("unchecked")
    private S self() {
        return (S) this;
    }
}
