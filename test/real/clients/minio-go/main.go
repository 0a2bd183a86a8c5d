// Command minio-go uploads one file with minio-go, which signs every chunk of its bodies over plain HTTP.
//
//	minio-go [-checksum] ENDPOINT BUCKET KEY FILE
//
// The keys stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; files of more than 16 MiB go in parts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	checksum := flag.Bool("checksum", false, "send a CRC-32C as a signed trailer")
	flag.Parse()
	if flag.NArg() != 4 {
		flag.Usage()
		os.Exit(2)
	}
	if err := upload(flag.Arg(0), flag.Arg(1), flag.Arg(2), flag.Arg(3), *checksum); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func upload(endpoint, bucket, key, file string, checksum bool) error {
	client, err := minio.New(endpoint, &minio.Options{
		Creds:           credentials.NewEnvAWS(),
		Region:          "us-east-1",
		TrailingHeaders: checksum,
		MaxRetries:      1,
	})
	if err != nil {
		return err
	}
	options := minio.PutObjectOptions{ContentType: "text/x-test", UserMetadata: map[string]string{"a": "b"}}
	if checksum {
		options.Checksum = minio.ChecksumCRC32C
	}
	info, err := client.FPutObject(context.Background(), bucket, key, file, options)
	if err != nil {
		return err
	}
	fmt.Println(info.ETag, info.Size)
	return nil
}
