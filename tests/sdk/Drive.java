package drive.g;

import g_sdk.ApiError;
import g_sdk.Client;
import g_sdk.ClientOptions;
import g_sdk.Download;
import g_sdk.ItemStream;
import g_sdk.Json;
import g_sdk.Response;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Calls each operation of a client, and prints what differs from the declared responses, and the number of calls. */
public final class Drive {
    public static void run(String address, String file) throws Exception {
        String name = file.replace(".json", "");
        ClientOptions options = new ClientOptions().timeout(Duration.ofSeconds(10)).retries(0);
        Client client = Client.at(address + "/" + name, options);
        List<?> operations = (List<?>) Json.parse(Files.readString(Path.of(file)));
        for (int index = 0; index < operations.size(); index++) {
            Map<?, ?> operation = (Map<?, ?>) operations.get(index);
            try {
                compare(operation, client, index);
            } catch (Throwable failure) {
                System.out.println(start(operation) + failure);
                failure.printStackTrace();
            }
        }
        System.out.println(name + ": " + operations.size() + " called");
    }

    private static void compare(Map<?, ?> operation, Client client, int index) throws Throwable {
        Object data;
        int status;
        boolean isStream = false;
        try {
            Class<?> call = Class.forName(Drive.class.getPackageName() + ".Call" + index);
            Response<?> response = (Response<?>) call.getMethod("call", Client.class).invoke(null, client);
            status = response.status();
            data = response.raw();
            // The declared type holds what the server sends.
            Object typed = response.data();
            if (typed instanceof List<?> list) {
                list.forEach(Objects::hash);
            }
            isStream = data instanceof ItemStream<?>;
            if (data instanceof Download download) {
                data = download.text();
            }
            if (data instanceof ItemStream<?> items) {
                items.forEachRemaining(Objects::hash);
            }
        } catch (InvocationTargetException wrapped) {
            if (!(wrapped.getCause() instanceof ApiError error)) {
                throw wrapped.getCause();
            }
            status = error.status();
            data = error.data();
        }
        Object body = operation.get("body");
        Object mediaType = operation.get("media_type");
        if (mediaType != null && mediaType.toString().contains("json")) {
            try {
                body = Json.parse((String) body);
            } catch (RuntimeException example) {
                // A declared example need not be JSON.
            }
        }
        boolean isEmpty = data == null && (body == null || body.equals(""));
        // An example of a stream is one text, which need not have the form of events.
        boolean isSame = isEmpty || Objects.equals(data, body) || isStream || "HEAD".equals(operation.get("method"));
        if (!isSame || !Long.valueOf(status).equals(operation.get("status"))) {
            System.out.println(start(operation) + status + " " + data + ", not " + operation.get("status") + " " + body);
        }
    }

    private static String start(Map<?, ?> operation) {
        String call = (String) operation.get("call");
        return operation.get("key") + ": " + call.substring(0, Math.min(call.length(), 300)) + ": ";
    }
}
