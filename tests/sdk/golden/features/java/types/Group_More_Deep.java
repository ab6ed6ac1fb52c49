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
 * Group_More_Deep.
 */
public final class Group_More_Deep extends JsonObject<Group_More_Deep> {
    /** Reads the type. */
    public static final JsonType<Group_More_Deep> TYPE = JsonType.object(Group_More_Deep::new);

    /** Makes an object without fields. */
    public Group_More_Deep() {
        this(Map.of());
    }

    private Group_More_Deep(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Group_More_Deep copy(Map<String, Object> fields) {
        return new Group_More_Deep(fields);
    }

    /**
     * Returns the field <code>x</code>.
     */
    public Optional<Boolean> x() {
        return find("x", JsonType.BOOLEAN);
    }

    /** Sets the field <code>x</code>. */
    public Group_More_Deep withX(boolean value) {
        return with("x", value);
    }
}
