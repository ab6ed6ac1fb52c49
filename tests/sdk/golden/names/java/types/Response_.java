package g1_sdk.types;

import g1_sdk.JsonChoice;
import g1_sdk.JsonObject;
import g1_sdk.JsonType;
import g1_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Response_.
 */
public final class Response_ extends JsonObject<Response_> {
    /** Reads the type. */
    public static final JsonType<Response_> TYPE = JsonType.object(Response_::new);

    /** Makes an object without fields. */
    public Response_() {
        this(Map.of());
    }

    private Response_(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Response_ copy(Map<String, Object> fields) {
        return new Response_(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<String> a() {
        return find("a", JsonType.TEXT);
    }

    /** Sets the field <code>a</code>. */
    public Response_ withA(String value) {
        return with("a", value);
    }
}
