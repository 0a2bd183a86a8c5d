// Command aws-sdk-go uploads with the AWS SDK for Go v2, as a service of lines: a job in JSON per line of stdin, `{}` or
// `{"error": "..."}` per line of stdout. See serve.py for the members of a job.
//
//	aws-sdk-go manager | transfermanager
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

type job struct {
	Way, Endpoint, Bucket, Key, File, Tree string
	Keys                                   struct{ AccessKeyId, SecretAccessKey, SessionToken string }
}

func main() {
	upload := withManager
	if len(os.Args) > 1 && os.Args[1] == "transfermanager" {
		upload = withTransferManager
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		result := map[string]string{}
		if err := do(lines.Bytes(), upload); err != nil {
			result["error"] = err.Error()
		}
		line, _ := json.Marshal(result)
		fmt.Println(string(line))
	}
}

func do(line []byte, upload func(*s3.Client, job, io.Reader) error) error {
	var j job
	if err := json.Unmarshal(line, &j); err != nil {
		return err
	}
	if j.Way == "tree" {
		return uploadTree(clientOf(j), j)
	}
	file, err := os.Open(j.File)
	if err != nil {
		return err
	}
	defer file.Close()
	if j.Way == "single" {
		_, err := clientOf(j).PutObject(context.Background(), &s3.PutObjectInput{Bucket: &j.Bucket, Key: &j.Key, Body: file})
		return err
	}
	if j.Way == "piped" {
		return upload(clientOf(j), j, io.MultiReader(file)) // cannot seek
	}
	return upload(clientOf(j), j, file)
}

func clientOf(j job) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint:     &j.Endpoint,
		Region:           "us-east-1",
		UsePathStyle:     true,
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider(j.Keys.AccessKeyId, j.Keys.SecretAccessKey, j.Keys.SessionToken),
	})
}

func withManager(client *s3.Client, j job, body io.Reader) error {
	input := &s3.PutObjectInput{Bucket: &j.Bucket, Key: &j.Key, Body: body}
	switch j.Way {
	case "metadata":
		input.ContentType = aws.String("text/x-test")
		input.Metadata = map[string]string{"colour": "dark-blue"}
	case "checksum":
		input.ChecksumAlgorithm = types.ChecksumAlgorithmSha256
	}
	_, err := manager.NewUploader(client).Upload(context.Background(), input)
	return err
}

func withTransferManager(client *s3.Client, j job, body io.Reader) error {
	input := &transfermanager.UploadObjectInput{Bucket: &j.Bucket, Key: &j.Key, Body: body}
	switch j.Way {
	case "metadata":
		input.ContentType = aws.String("text/x-test")
		input.Metadata = map[string]string{"colour": "dark-blue"}
	case "checksum":
		input.ChecksumAlgorithm = tmtypes.ChecksumAlgorithmSha256
	}
	_, err := transfermanager.New(client).UploadObject(context.Background(), input)
	return err
}

func uploadTree(client *s3.Client, j job) error {
	out, err := transfermanager.New(client).UploadDirectory(context.Background(), &transfermanager.UploadDirectoryInput{
		Bucket: &j.Bucket, Source: aws.String(filepath.Clean(j.Tree)), KeyPrefix: &j.Key, Recursive: aws.Bool(true),
	})
	if err == nil && out.ObjectsFailed > 0 {
		err = fmt.Errorf("%d objects failed", out.ObjectsFailed)
	}
	return err
}
