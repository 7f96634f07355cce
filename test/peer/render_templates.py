"""
The independent renderer of chat templates: Jinja itself, set up as transformers does it.
Reads {"templates": {name: source}, "chats": [{messages, tools, open}]} with messages in OpenAI's
form, writes {name: {source, hashes: [sha256 of each rendering]}}. Made, with the templates of
SmolLM2-135M-Instruct and Qwen2.5-Coder-1.5B-Instruct, test/core/chat_renderings.json.
"""
import hashlib
import json
import sys

from jinja2.sandbox import ImmutableSandboxedEnvironment

environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)


def render(template, chat):
    text = template.render(
        messages=chat["messages"],
        tools=chat["tools"] or None,
        add_generation_prompt=chat["open"],
    )
    return hashlib.sha256(text.encode()).hexdigest()


given = json.load(sys.stdin)
renderings = {}
for name, source in given["templates"].items():
    template = environment.from_string(source)
    hashes = [render(template, chat) for chat in given["chats"]]
    renderings[name] = {"source": source, "hashes": hashes}
json.dump(renderings, sys.stdout, indent=1)
print()
