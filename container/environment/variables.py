# SPDX-License-Identifier: MIT
"""Makes the environment variables that Lambda sets, without credentials, because nothing here would accept them."""
import time
import uuid

LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
PATH = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
ACCOUNT, REGION = "123456789012", "us-east-1"


def defaults(options):
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(options.memory),
        "AWS_LAMBDA_FUNCTION_NAME": options.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type(options),
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/" + options.name,
        "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime("%Y/%m/%d/[$LATEST]", time.gmtime()) + uuid.uuid4().hex,
        "AWS_REGION": REGION,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": LIBRARY_PATH,
        "PATH": PATH,
        "TZ": ":UTC",
        **({"_HANDLER": options.handler} if options.handler else {}),
        **({"AWS_LAMBDA_MAX_CONCURRENCY": str(options.concurrency)} if options.concurrency else {}),
        **(
            {"AWS_LAMBDA_LOG_FORMAT": options.log_format, "AWS_LAMBDA_LOG_LEVEL": options.log_level}
            if options.log_format == "JSON"
            else {}
        ),
    }


def function_arn(name):
    return "arn:aws:lambda:%s:%s:function:%s" % (REGION, ACCOUNT, name)


def initialization_type(options):
    return "snap-start" if options.snapstart else "lambda-managed-instances" if options.concurrency else "on-demand"
