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
 * SendFormBody.
 */
public final class SendFormBody extends JsonObject<SendFormBody> {
    /** Reads the type. */
    public static final JsonType<SendFormBody> TYPE = JsonType.object(SendFormBody::new);

    /** Makes an object without fields. */
    public SendFormBody() {
        this(Map.of());
    }

    private SendFormBody(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected SendFormBody copy(Map<String, Object> fields) {
        return new SendFormBody(fields);
    }

    /**
     * Returns the field <code>name</code>.
     */
    public String name() {
        return read("name", JsonType.TEXT);
    }

    /** Sets the field <code>name</code>. */
    public SendFormBody withName(String value) {
        return with("name", value);
    }

    /**
     * Returns the field <code>tags</code>.
     */
    public Optional<List<String>> tags() {
        return find("tags", JsonType.list(JsonType.TEXT));
    }

    /** Sets the field <code>tags</code>. */
    public SendFormBody withTags(List<String> value) {
        return with("tags", value);
    }
}
