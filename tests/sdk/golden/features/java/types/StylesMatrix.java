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
 * StylesMatrix.
 */
public final class StylesMatrix extends JsonObject<StylesMatrix> {
    /** Reads the type. */
    public static final JsonType<StylesMatrix> TYPE = JsonType.object(StylesMatrix::new);

    /** Makes an object without fields. */
    public StylesMatrix() {
        this(Map.of());
    }

    private StylesMatrix(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected StylesMatrix copy(Map<String, Object> fields) {
        return new StylesMatrix(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public StylesMatrix withA(long value) {
        return with("a", value);
    }

    /**
     * Returns the field <code>b</code>.
     */
    public Optional<Long> b() {
        return find("b", JsonType.INTEGER);
    }

    /** Sets the field <code>b</code>. */
    public StylesMatrix withB(long value) {
        return with("b", value);
    }
}
