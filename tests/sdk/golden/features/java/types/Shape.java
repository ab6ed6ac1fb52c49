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
 * Shape.
 */
public final class Shape extends JsonChoice {
    /** Reads the type. */
    public static final JsonType<Shape> TYPE = value -> value == null ? null : new Shape(value);

    private Shape(Object value) {
        super(value);
    }

    /** Makes a value. */
    public static Shape ofCircle(Circle value) {
        return new Shape(plain(value));
    }

    /** Reads the value as this type. */
    public Circle asCircle() {
        return Circle.TYPE.read(value());
    }

    /** Makes a value. */
    public static Shape ofGroup(Group value) {
        return new Shape(plain(value));
    }

    /** Reads the value as this type. */
    public Group asGroup() {
        return Group.TYPE.read(value());
    }
}
