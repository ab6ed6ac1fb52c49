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
 * BytesResponse.
 */
public final class BytesResponse extends JsonObject<BytesResponse> {
    /** Reads the type. */
    public static final JsonType<BytesResponse> TYPE = JsonType.object(BytesResponse::new);

    /** Makes an object without fields. */
    public BytesResponse() {
        this(Map.of());
    }

    private BytesResponse(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected BytesResponse copy(Map<String, Object> fields) {
        return new BytesResponse(fields);
    }

    /**
     * Returns the field <code>import</code>.
     */
    public String import_() {
        return read("import", JsonType.TEXT);
    }

    /** Sets the field <code>import</code>. */
    public BytesResponse withImport_(String value) {
        return with("import", value);
    }

    /**
     * Returns the field <code>__x</code>.
     */
    public Optional<Long> x() {
        return find("__x", JsonType.INTEGER);
    }

    /** Sets the field <code>__x</code>. */
    public BytesResponse withX(long value) {
        return with("__x", value);
    }

    /**
     * Returns the field <code>str</code>.
     */
    public Optional<String> str() {
        return find("str", JsonType.TEXT);
    }

    /** Sets the field <code>str</code>. */
    public BytesResponse withStr(String value) {
        return with("str", value);
    }
}
