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
 * GroupMoreDeep.
 */
public final class GroupMoreDeep extends JsonObject<GroupMoreDeep> {
    /** Reads the type. */
    public static final JsonType<GroupMoreDeep> TYPE = JsonType.object(GroupMoreDeep::new);

    /** Makes an object without fields. */
    public GroupMoreDeep() {
        this(Map.of());
    }

    private GroupMoreDeep(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected GroupMoreDeep copy(Map<String, Object> fields) {
        return new GroupMoreDeep(fields);
    }

    /**
     * Returns the field <code>x</code>.
     */
    public Optional<Boolean> x() {
        return find("x", JsonType.BOOLEAN);
    }

    /** Sets the field <code>x</code>. */
    public GroupMoreDeep withX(boolean value) {
        return with("x", value);
    }
}
