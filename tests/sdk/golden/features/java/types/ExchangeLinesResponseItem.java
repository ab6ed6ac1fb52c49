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
 * ExchangeLinesResponseItem.
 */
public final class ExchangeLinesResponseItem extends JsonObject<ExchangeLinesResponseItem> {
    /** Reads the type. */
    public static final JsonType<ExchangeLinesResponseItem> TYPE = JsonType.object(ExchangeLinesResponseItem::new);

    /** Makes an object without fields. */
    public ExchangeLinesResponseItem() {
        this(Map.of());
    }

    private ExchangeLinesResponseItem(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected ExchangeLinesResponseItem copy(Map<String, Object> fields) {
        return new ExchangeLinesResponseItem(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public ExchangeLinesResponseItem withA(long value) {
        return with("a", value);
    }
}
