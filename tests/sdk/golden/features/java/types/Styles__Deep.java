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
 * Styles__Deep.
 */
public final class Styles__Deep extends JsonObject<Styles__Deep> {
    /** Reads the type. */
    public static final JsonType<Styles__Deep> TYPE = JsonType.object(Styles__Deep::new);

    /** Makes an object without fields. */
    public Styles__Deep() {
        this(Map.of());
    }

    private Styles__Deep(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Styles__Deep copy(Map<String, Object> fields) {
        return new Styles__Deep(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public Styles__Deep withA(long value) {
        return with("a", value);
    }

    /**
     * Returns the field <code>b</code>.
     */
    public Optional<List<Long>> b() {
        return find("b", JsonType.list(JsonType.INTEGER));
    }

    /** Sets the field <code>b</code>. */
    public Styles__Deep withB(List<Long> value) {
        return with("b", value);
    }
}
