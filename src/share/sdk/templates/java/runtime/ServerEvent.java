package sdk_runtime;

import java.util.Optional;

/**
 * A server-sent event.
 *
 * @param event the kind, {@code message} if the server names none
 * @param data the data
 * @param id the id of the last event that had one
 * @param retry the milliseconds after which to connect again, as far as the server says
 * @param <T> the type of the data
 */
public record ServerEvent<T>(String event, T data, String id, Optional<Long> retry) {
    <U> ServerEvent<U> as(JsonType<U> type) {
        return new ServerEvent<>(event, type.read(data), id, retry);
    }
}
