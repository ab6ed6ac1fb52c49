package sdk_runtime;

import java.util.Optional;

/**
 * A server-sent event.
 *
 * @param event the kind, {@code message} if the server names none
 * @param raw the data as it arrived: plain JSON, or a text that is no JSON
 * @param id the id of the last event that had one
 * @param retry the milliseconds after which to connect again, as far as the server says
 * @param type the type of the data
 * @param <T> the Java type of the data
 */
public record ServerEvent<T>(String event, Object raw, String id, Optional<Long> retry, JsonType<T> type) {
    /**
     * Returns the data.
     *
     * @throws ClientError if it is of another type, as a text like {@code [DONE]} at the end of a stream may be
     */
    public T data() {
        return type.read(raw);
    }

    <U> ServerEvent<U> as(JsonType<U> other) {
        return new ServerEvent<>(event, raw, id, retry, other);
    }
}
