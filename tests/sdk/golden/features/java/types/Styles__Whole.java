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
 * Styles__Whole.
 */
public final class Styles__Whole extends JsonObject<Styles__Whole> {
    /** Reads the type. */
    public static final JsonType<Styles__Whole> TYPE = JsonType.object(Styles__Whole::new);

    /** Makes an object without fields. */
    public Styles__Whole() {
        this(Map.of());
    }

    private Styles__Whole(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Styles__Whole copy(Map<String, Object> fields) {
        return new Styles__Whole(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Boolean> a() {
        return find("a", JsonType.BOOLEAN);
    }

    /** Sets the field <code>a</code>. */
    public Styles__Whole withA(boolean value) {
        return with("a", value);
    }
}
