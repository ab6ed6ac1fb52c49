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
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>POST /texts</code>. */
public final class SendTextCall extends Call<SendTextCall, String> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public SendTextCall(BaseClient client) {
        super(client, OPERATION, JsonType.TEXT);
    }

    private static Operation describe() {
        Operation operation = Operation.of("sendText", "POST", "", "text/plain, */*;q=0.1", "/texts");
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.content("text/plain", "text");
    }

    /**
     * Sets the body.
     */
    public SendTextCall body(String value) {
        return setBody(value);
    }
}
