package sdk_runtime;

import java.util.Map;
import java.util.Optional;

/** Details of an error (RFC 9457). */
public final class Problem extends JsonObject<Problem> {
    Problem(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Problem copy(Map<String, Object> fields) {
        return new Problem(fields);
    }

    /** The kind of the error, an address. */
    public Optional<String> type() {
        return text("type");
    }

    /** The kind in words. */
    public Optional<String> title() {
        return text("title");
    }

    /** The error in words. */
    public Optional<String> detail() {
        return text("detail");
    }

    /** This very error, an address. */
    public Optional<String> instance() {
        return text("instance");
    }

    /** The server's own name of the error. */
    public Optional<String> code() {
        return text("code");
    }

    /** The id by which the server's log names the request. */
    public Optional<String> requestId() {
        return text("requestId");
    }

    /** Servers are free to put anything there. */
    private Optional<String> text(String name) {
        return get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }
}
