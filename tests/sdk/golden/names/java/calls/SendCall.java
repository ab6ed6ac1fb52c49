package g1_sdk.calls;

import g1_sdk.BaseClient;
import g1_sdk.Call;
import g1_sdk.Download;
import g1_sdk.ItemStream;
import g1_sdk.JsonChoice;
import g1_sdk.JsonType;
import g1_sdk.Operation;
import g1_sdk.ServerEvent;
import g1_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>POST /e</code>. */
public final class SendCall extends Call<SendCall, Void> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public SendCall(BaseClient client) {
        super(client, OPERATION, value -> null);
    }

    private static Operation describe() {
        Operation operation = Operation.of("send", "POST", "", "*/*", "/e");
        return operation;
    }
}
