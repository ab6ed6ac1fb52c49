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
 * ExchangeLinesBodyItem.
 */
public final class ExchangeLinesBodyItem extends JsonObject<ExchangeLinesBodyItem> {
    /** Reads the type. */
    public static final JsonType<ExchangeLinesBodyItem> TYPE = JsonType.object(ExchangeLinesBodyItem::new);

    /** Makes an object without fields. */
    public ExchangeLinesBodyItem() {
        this(Map.of());
    }

    private ExchangeLinesBodyItem(Map<String, Object> fields) {
        super(fields);
    }

    @Override
    protected ExchangeLinesBodyItem copy(Map<String, Object> fields) {
        return new ExchangeLinesBodyItem(fields);
    }

    /**
     * Returns the field <code>a</code>.
     */
    public Optional<Long> a() {
        return find("a", JsonType.INTEGER);
    }

    /** Sets the field <code>a</code>. */
    public ExchangeLinesBodyItem withA(long value) {
        return with("a", value);
    }
}
