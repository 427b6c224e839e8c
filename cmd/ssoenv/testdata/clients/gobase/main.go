// Command gobase asks AWS each second who it is, as many times as its argument says, with
// the configuration that Terraform's AWS provider uses. It prints each answer.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
)

func main() {
	calls, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	ctx, cfg, problems := awsbase.GetAwsConfig(context.Background(), &awsbase.Config{
		APNInfo:          &awsbase.APNInfo{PartnerName: "HashiCorp", Products: []awsbase.UserAgentProduct{{Name: "Terraform", Version: "1.15.0"}}},
		CallerName:       "Terraform AWS Provider",
		MaxRetries:       25, // the provider's default
		SuppressDebugLog: true,
	})
	if problems.HasError() {
		for _, problem := range problems.Errors() {
			fmt.Println("error:", oneLine(problem.Summary()+": "+problem.Detail()))
		}
		os.Exit(1)
	}
	client := sts.NewFromConfig(cfg)
	for i := range calls {
		if i > 0 {
			time.Sleep(time.Second)
		}
		who, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			fmt.Println("error:", oneLine(err.Error()))
			continue
		}
		fmt.Println(*who.Arn)
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
