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
 * StylesDeep.
 */
public final class StylesDeep extends JsonObject<StylesDeep> {
    /** Reads the type. */
    public static final JsonType<StylesDeep> TYPE = JsonType.object(StylesDeep::new);

    /** Makes an object without fields. */
    public StylesDeep() {
        this(Map.of());
    }

    private StylesDeep(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected StylesDeep copy(Map<String, Object> fields) {
        return new StylesDeep(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public StylesDeep withA(long value) {
        return with("a", value);
    }

    /**
     * Returns the field <code>b</code>.
     */
    public Optional<List<Long>> b() {
        return find("b", JsonType.list(JsonType.INTEGER));
    }

    /** Sets the field <code>b</code>. */
    public StylesDeep withB(List<Long> value) {
        return with("b", value);
    }
}
