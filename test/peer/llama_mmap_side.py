"""
llama.cpp with its weights mapped and not repacked (built so by `deno task bench peers`), as a side
of the bench: see ../bench/protocol.ts. Pages that do not fit the cap are read again by page faults.
usage: llama_mmap_side.py SIDE_TASK_AS_JSON, with the package's folder in PYTHONPATH
"""
import json
import os
import sys
import time

from llama_cpp import Llama

BATCH = 128  # tokens; a larger batch would take more of the capped memory for its activations


def answer(model, question):
    prompt = question["prompts"][0]["ids"]
    said, start = [], time.perf_counter()
    opened = closed = None
    for token in model.generate(prompt, top_k=1, temp=0.0, repeat_penalty=1.0):
        now = time.perf_counter()
        said.append(token)
        if opened is None:
            opened, cpu = now, time.process_time()
        closed = now
        late = now - opened > question["seconds"]
        if late or len(said) >= question["maxTokens"] or token == model.token_eos():
            break
    return {
        "said": [said],
        "firstTokenMs": (opened - start) * 1000,
        "windowTokens": len(said) - 1,
        "windowSeconds": closed - opened,
        "cpuSeconds": time.process_time() - cpu,
    }


task = json.loads(sys.argv[1])
threads = os.cpu_count()
llama = Llama(
    task["model"],
    n_ctx=task.get("contextTokens", 2048),
    n_batch=BATCH,
    n_ubatch=BATCH,
    n_threads=threads,
    n_threads_batch=threads,
    use_mmap=True,
    verbose=False,
)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(llama, json.loads(line))), flush=True)
