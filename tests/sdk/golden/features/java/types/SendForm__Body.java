package g0_sdk.types;

import g0_sdk.JsonChoice;
import g0_sdk.JsonObject;
import g0_sdk.JsonType;
import g0_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * SendForm__Body.
 */
public final class SendForm__Body extends JsonObject<SendForm__Body> {
    /** Reads the type. */
    public static final JsonType<SendForm__Body> TYPE = JsonType.object(SendForm__Body::new);

    /** Makes an object without fields. */
    public SendForm__Body() {
        this(Map.of());
    }

    private SendForm__Body(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected SendForm__Body copy(Map<String, Object> fields) {
        return new SendForm__Body(fields);
    }

    /**
     * Returns the field <code>name</code>.
     */
    public String name() {
        return read("name", JsonType.TEXT);
    }

    /** Sets the field <code>name</code>. */
    public SendForm__Body withName(String value) {
        return with("name", value);
    }

    /**
     * Returns the field <code>tags</code>.
     */
    public Optional<List<String>> tags() {
        return find("tags", JsonType.list(JsonType.TEXT));
    }

    /** Sets the field <code>tags</code>. */
    public SendForm__Body withTags(List<String> value) {
        return with("tags", value);
    }
}
