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
 * UploadBodyAbout.
 */
public final class UploadBodyAbout extends JsonObject<UploadBodyAbout> {
    /** Reads the type. */
    public static final JsonType<UploadBodyAbout> TYPE = JsonType.object(UploadBodyAbout::new);

    /** Makes an object without fields. */
    public UploadBodyAbout() {
        this(Map.of());
    }

    private UploadBodyAbout(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected UploadBodyAbout copy(Map<String, Object> fields) {
        return new UploadBodyAbout(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public UploadBodyAbout withA(long value) {
        return with("a", value);
    }
}
