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
 * Upload__Body.
 */
public final class Upload__Body extends JsonObject<Upload__Body> {
    /** Reads the type. */
    public static final JsonType<Upload__Body> TYPE = JsonType.object(Upload__Body::new);

    /** Makes an object without fields. */
    public Upload__Body() {
        this(Map.of());
    }

    private Upload__Body(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected Upload__Body copy(Map<String, Object> fields) {
        return new Upload__Body(fields);
    }

    /**
     * Returns the field <code>file</code>.
     */
    public Upload file() {
        return read("file", JsonType.FILE);
    }

    /** Sets the field <code>file</code>. */
    public Upload__Body withFile(Upload value) {
        return with("file", value);
    }

    /**
     * Returns the field <code>about</code>.
     */
    public Upload__Body_About about() {
        return read("about", Upload__Body_About.TYPE);
    }

    /** Sets the field <code>about</code>. */
    public Upload__Body withAbout(Upload__Body_About value) {
        return with("about", value);
    }

    /**
     * Returns the field <code>n</code>.
     */
    public Optional<Long> n() {
        return find("n", JsonType.INTEGER);
    }

    /** Sets the field <code>n</code>. */
    public Upload__Body withN(long value) {
        return with("n", value);
    }
}
