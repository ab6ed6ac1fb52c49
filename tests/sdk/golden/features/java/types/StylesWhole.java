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
 * StylesWhole.
 */
public final class StylesWhole extends JsonObject<StylesWhole> {
    /** Reads the type. */
    public static final JsonType<StylesWhole> TYPE = JsonType.object(StylesWhole::new);

    /** Makes an object without fields. */
    public StylesWhole() {
        this(Map.of());
    }

    private StylesWhole(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected StylesWhole copy(Map<String, Object> fields) {
        return new StylesWhole(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Boolean> a() {
        return find("a", JsonType.BOOLEAN);
    }

    /** Sets the field <code>a</code>. */
    public StylesWhole withA(boolean value) {
        return with("a", value);
    }
}
