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
 * Bytes__Response.
 */
public final class Bytes__Response extends JsonObject<Bytes__Response> {
    /** Reads the type. */
    public static final JsonType<Bytes__Response> TYPE = JsonType.object(Bytes__Response::new);

    /** Makes an object without fields. */
    public Bytes__Response() {
        this(Map.of());
    }

    private Bytes__Response(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Bytes__Response copy(Map<String, Object> fields) {
        return new Bytes__Response(fields);
    }

    /**
     * Returns the field <code>import</code>.
     */
    public String import_() {
        return read("import", JsonType.TEXT);
    }

    /** Sets the field <code>import</code>. */
    public Bytes__Response withImport_(String value) {
        return with("import", value);
    }

    /**
     * Returns the field <code>__x</code>.
     */
    public Optional<Long> x() {
        return find("__x", JsonType.INTEGER);
    }

    /** Sets the field <code>__x</code>. */
    public Bytes__Response withX(long value) {
        return with("__x", value);
    }

    /**
     * Returns the field <code>str</code>.
     */
    public Optional<String> str() {
        return find("str", JsonType.TEXT);
    }

    /** Sets the field <code>str</code>. */
    public Bytes__Response withStr(String value) {
        return with("str", value);
    }
}
