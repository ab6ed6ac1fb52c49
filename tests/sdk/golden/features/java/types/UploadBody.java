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
 * UploadBody.
 */
public final class UploadBody extends JsonObject<UploadBody> {
    /** Reads the type. */
    public static final JsonType<UploadBody> TYPE = JsonType.object(UploadBody::new);

    /** Makes an object without fields. */
    public UploadBody() {
        this(Map.of());
    }

    private UploadBody(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected UploadBody copy(Map<String, Object> fields) {
        return new UploadBody(fields);
    }

    /**
     * Returns the field <code>file</code>.
     */
    public Upload file() {
        return read("file", JsonType.FILE);
    }

    /** Sets the field <code>file</code>. */
    public UploadBody withFile(Upload value) {
        return with("file", value);
    }

    /**
     * Returns the field <code>about</code>.
     */
    public UploadBodyAbout about() {
        return read("about", UploadBodyAbout.TYPE);
    }

    /** Sets the field <code>about</code>. */
    public UploadBody withAbout(UploadBodyAbout value) {
        return with("about", value);
    }

    /**
     * Returns the field <code>n</code>.
     */
    public Optional<Long> n() {
        return find("n", JsonType.INTEGER);
    }

    /** Sets the field <code>n</code>. */
    public UploadBody withN(long value) {
        return with("n", value);
    }
}
