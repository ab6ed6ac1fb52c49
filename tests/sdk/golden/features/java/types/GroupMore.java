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
 * GroupMore.
 */
public final class GroupMore extends JsonObject<GroupMore> {
    /** Reads the type. */
    public static final JsonType<GroupMore> TYPE = JsonType.object(GroupMore::new);

    /** Makes an object without fields. */
    public GroupMore() {
        this(Map.of());
    }

    private GroupMore(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected GroupMore copy(Map<String, Object> fields) {
        return new GroupMore(fields);
    }

    /**
     * Returns the field <code>class</code>.
     */
    public Optional<String> class_() {
        return find("class", JsonType.TEXT);
    }

    /** Sets the field <code>class</code>. */
    public GroupMore withClass_(String value) {
        return with("class", value);
    }

    /**
     * Returns the field <code>deep</code>.
     */
    public Optional<GroupMoreDeep> deep() {
        return find("deep", GroupMoreDeep.TYPE);
    }

    /** Sets the field <code>deep</code>. */
    public GroupMore withDeep(GroupMoreDeep value) {
        return with("deep", value);
    }
}
