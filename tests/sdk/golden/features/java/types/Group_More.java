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
 * Group_More.
 */
public final class Group_More extends JsonObject<Group_More> {
    /** Reads the type. */
    public static final JsonType<Group_More> TYPE = JsonType.object(Group_More::new);

    /** Makes an object without fields. */
    public Group_More() {
        this(Map.of());
    }

    private Group_More(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Group_More copy(Map<String, Object> fields) {
        return new Group_More(fields);
    }

    /**
     * Returns the field <code>class</code>.
     */
    public Optional<String> class_() {
        return find("class", JsonType.TEXT);
    }

    /** Sets the field <code>class</code>. */
    public Group_More withClass_(String value) {
        return with("class", value);
    }

    /**
     * Returns the field <code>deep</code>.
     */
    public Optional<Group_More_Deep> deep() {
        return find("deep", Group_More_Deep.TYPE);
    }

    /** Sets the field <code>deep</code>. */
    public Group_More withDeep(Group_More_Deep value) {
        return with("deep", value);
    }
}
