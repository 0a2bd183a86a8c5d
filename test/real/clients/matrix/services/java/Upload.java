import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.transfer.s3.S3TransferManager;
import software.amazon.awssdk.transfer.s3.model.UploadDirectoryRequest;
import software.amazon.awssdk.transfer.s3.model.UploadFileRequest;
import software.amazon.awssdk.transfer.s3.model.UploadRequest;

/**
 * The AWS SDK for Java v2 with its transfer manager, as a service of lines: a job in JSON per line of stdin, `{}` or
 * `{"error": "..."}` per line of stdout. See serve.py for the members of a job.
 */
public final class Upload {
    /** Shared, since closing one takes two seconds. */
    private static final SdkAsyncHttpClient HTTP = NettyNioAsyncHttpClient.create();

    public static void main(String[] args) throws Exception {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (args.length > 0) {
            out.println(VersionInfo.SDK_VERSION);
            return;
        }
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, Object> result = Map.of();
            try {
                run(JSON.std.mapFrom(line));
            } catch (Exception e) {
                Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
                result = Map.of("error", String.valueOf(cause.getMessage()));
            }
            out.println(JSON.std.asString(result));
        }
        System.exit(0);
    }

    private static void run(Map<String, Object> job) throws Exception {
        try (var client = clientOf(job); var manager = S3TransferManager.builder().s3Client(client).build()) {
            if (text(job, "way").equals("tree")) uploadTree(manager, job);
            else upload(client, manager, job);
        }
    }

    private static void upload(S3AsyncClient client, S3TransferManager manager, Map<String, Object> job) throws Exception {
        var put = PutObjectRequest.builder().bucket(text(job, "bucket")).key(text(job, "key"));
        Path file = Path.of(text(job, "file"));
        switch (text(job, "way")) {
            case "metadata" -> put.contentType("text/x-test").metadata(Map.of("colour", "dark-blue"));
            case "checksum" -> put.checksumAlgorithm(ChecksumAlgorithm.SHA256);
            default -> { }
        }
        switch (text(job, "way")) {
            case "small" -> client.putObject(put.build(), file).join();
            case "piped" -> {
                var threads = Executors.newSingleThreadExecutor();
                try (var in = Files.newInputStream(file)) {
                    var body = AsyncRequestBody.fromInputStream(in, null, threads);
                    manager.upload(UploadRequest.builder().putObjectRequest(put.build()).requestBody(body).build())
                        .completionFuture().join();
                } finally {
                    threads.shutdown();
                }
            }
            default -> manager.uploadFile(UploadFileRequest.builder().putObjectRequest(put.build()).source(file).build())
                .completionFuture().join();
        }
    }

    private static void uploadTree(S3TransferManager manager, Map<String, Object> job) {
        var done = manager.uploadDirectory(UploadDirectoryRequest.builder()
            .bucket(text(job, "bucket")).s3Prefix(text(job, "key")).source(Path.of(text(job, "tree"))).build())
            .completionFuture().join();
        if (!done.failedTransfers().isEmpty()) throw new IllegalStateException(done.failedTransfers().toString());
    }

    private static S3AsyncClient clientOf(Map<String, Object> job) {
        return S3AsyncClient.builder()
            .httpClient(HTTP)
            .endpointOverride(URI.create(text(job, "endpoint")))
            .region(Region.US_EAST_1)
            .forcePathStyle(true)
            .multipartEnabled(true)
            .overrideConfiguration(o -> o.retryStrategy(r -> r.maxAttempts(1)))
            .credentialsProvider(StaticCredentialsProvider.create(keysOf(job)))
            .build();
    }

    private static AwsCredentials keysOf(Map<String, Object> job) {
        @SuppressWarnings("unchecked")
        var keys = (Map<String, Object>) job.get("keys");
        String id = text(keys, "accessKeyId");
        String secret = text(keys, "secretAccessKey");
        return keys.get("sessionToken") == null
            ? AwsBasicCredentials.create(id, secret)
            : AwsSessionCredentials.create(id, secret, text(keys, "sessionToken"));
    }

    private static String text(Map<String, Object> map, String name) {
        return (String) map.get(name);
    }
}
