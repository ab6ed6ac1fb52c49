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
 * Circle.
 */
public final class Circle extends JsonObject<Circle> {
    /** Reads the type. */
    public static final JsonType<Circle> TYPE = JsonType.object(Circle::new);

    /** Makes an object without fields. */
    public Circle() {
        this(Map.of());
    }

    private Circle(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Circle copy(Map<String, Object> fields) {
        return new Circle(fields);
    }

    /**
     * Returns the field <code>kind</code>.
     */
    public String kind() {
        return read("kind", JsonType.TEXT);
    }

    /** Sets the field <code>kind</code>. */
    public Circle withKind(String value) {
        return with("kind", value);
    }

    /**
     * Returns the field <code>radius</code>.
     */
    public BigDecimal radius() {
        return read("radius", JsonType.NUMBER);
    }

    /** Sets the field <code>radius</code>. */
    public Circle withRadius(Number value) {
        return with("radius", value);
    }

    /** Values that were known when this client was made; there may be others. */
    public static final class KindValues {
        /** One of them. */
        public static final String CIRCLE = "circle";

        private KindValues() {}
    }
}
