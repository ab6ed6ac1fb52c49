package g0_sdk.calls;

import g0_sdk.BaseClient;
import g0_sdk.Call;
import g0_sdk.Download;
import g0_sdk.ItemStream;
import g0_sdk.JsonChoice;
import g0_sdk.JsonType;
import g0_sdk.Operation;
import g0_sdk.ServerEvent;
import g0_sdk.Upload;
import g0_sdk.types.ExchangeLines__BodyItem;
import g0_sdk.types.ExchangeLines__ResponseItem;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>POST /lines</code>. */
public final class ExchangeLinesCall extends Call<ExchangeLinesCall, ItemStream<ExchangeLines__ResponseItem>> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public ExchangeLinesCall(BaseClient client) {
        super(client, OPERATION, JsonType.stream(ExchangeLines__ResponseItem.TYPE));
    }

    private static Operation describe() {
        Operation operation = Operation.of("exchangeLines", "POST", "", "application/x-ndjson, */*;q=0.1", "/lines");
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.content("application/x-ndjson", "lines");
    }

    /**
     * Sets the body.
     */
    public ExchangeLinesCall body(Iterable<? extends ExchangeLines__BodyItem> value) {
        return setBody(value);
    }
}
