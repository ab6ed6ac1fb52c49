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
import g0_sdk.types.Upload__Body;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>POST /uploads</code>. */
public final class UploadCall extends Call<UploadCall, Object> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public UploadCall(BaseClient client) {
        super(client, OPERATION, JsonType.ANY);
    }

    private static Operation describe() {
        Operation operation = Operation.of("upload", "POST", "", "application/json, */*;q=0.1", "/uploads");
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.content("multipart/form-data", "multipart");
        operation.part("file", "image/png", null, true);
    }

    /**
     * Sets the body.
     */
    public UploadCall body(Upload__Body value) {
        return setBody(value);
    }
}
