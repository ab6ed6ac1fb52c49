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
 * Styles__Matrix.
 */
public final class Styles__Matrix extends JsonObject<Styles__Matrix> {
    /** Reads the type. */
    public static final JsonType<Styles__Matrix> TYPE = JsonType.object(Styles__Matrix::new);

    /** Makes an object without fields. */
    public Styles__Matrix() {
        this(Map.of());
    }

    private Styles__Matrix(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Styles__Matrix copy(Map<String, Object> fields) {
        return new Styles__Matrix(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public Styles__Matrix withA(long value) {
        return with("a", value);
    }

    /**
     * Returns the field <code>b</code>.
     */
    public Optional<Long> b() {
        return find("b", JsonType.INTEGER);
    }

    /** Sets the field <code>b</code>. */
    public Styles__Matrix withB(long value) {
        return with("b", value);
    }
}
