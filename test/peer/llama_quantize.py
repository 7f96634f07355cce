"""
The whole model at about 2.6 bits a weight, by llama.cpp: what one would pick instead of streaming.
usage: llama_quantize.py IN.gguf OUT.gguf, with llama_cpp's folder in PYTHONPATH
"""
import os
import sys

import llama_cpp

source, target = sys.argv[1:]
params = llama_cpp.llama_model_quantize_default_params()
params.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q2_K
params.allow_requantize = True
part = target + ".part"
code = llama_cpp.llama_model_quantize(source.encode(), part.encode(), params)
if code != 0:
    sys.exit(f"llama.cpp could not quantize {source}: {code}")
os.rename(part, target)
