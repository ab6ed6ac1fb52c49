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
import g0_sdk.types.SendForm__Body;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>POST /forms</code>. */
public final class SendFormCall extends Call<SendFormCall, String> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public SendFormCall(BaseClient client) {
        super(client, OPERATION, JsonType.TEXT);
    }

    private static Operation describe() {
        Operation operation = Operation.of("sendForm", "POST", "", "text/plain, */*;q=0.1", "/forms");
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.content("application/x-www-form-urlencoded", "form");
        operation.part("tags", null, "pipeDelimited", false);
    }

    /**
     * Sets the body.
     */
    public SendFormCall body(SendForm__Body value) {
        return setBody(value);
    }
}
