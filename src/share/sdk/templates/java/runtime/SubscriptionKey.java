package sdk_runtime;

/** A subscription key, like {@code apk_...}. */
public final class SubscriptionKey implements Auth {
    private final String key;
    private final String header;

    /** Shows a key in the header {@code x-api-key}. */
    public SubscriptionKey(String key) {
        this(key, "x-api-key");
    }

    /** Shows a key in a header. */
    public SubscriptionKey(String key, String header) {
        this.key = key;
        this.header = header;
    }

    @Override
    public Request apply(Request request) {
        return request.withHeader(header, key);
    }
}
