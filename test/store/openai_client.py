"""The official Python client against a running Flint: BASE_URL names it, WITH_EMBEDDINGS=1 adds them.

Exits with 0 if all is as OpenAI's own server would have it; an assertion names what is not.
"""
import json
import os

import openai

client = openai.OpenAI(base_url=os.environ["BASE_URL"], api_key="sk-not-needed", max_retries=0)
ask = {
    "model": "tiny",
    "messages": [{"role": "user", "content": "hello there"}],
    "max_completion_tokens": 8,
    "temperature": 0,
}


def chat():
    answer = client.chat.completions.create(**ask)
    assert answer.choices[0].finish_reason in ("stop", "length"), answer
    assert answer.usage.completion_tokens <= 8, answer.usage
    return answer.choices[0].message.content


def stream(whole):
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(**ask, stream=True, stream_options=options))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole, (text, whole)
    assert chunks[-1].usage.total_tokens > 0, chunks[-1]


def json_schema():
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["calm", "wild"]}, "level": {"type": "integer"}},
        "required": ["mood", "level"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        **{**ask, "max_completion_tokens": 60},
        response_format={"type": "json_schema", "json_schema": {"name": "mood", "schema": schema}},
    )
    value = json.loads(answer.choices[0].message.content)
    assert value["mood"] in ("calm", "wild") and isinstance(value["level"], int), value
    assert set(value) == {"mood", "level"}, value


def models():
    ids = [model.id for model in client.models.list()]
    assert "tiny" in ids, ids
    assert client.models.retrieve("tiny").object == "model"


def errors():
    try:
        client.chat.completions.create(**{**ask, "model": "nobody"})
    except openai.NotFoundError as error:
        assert error.code == "model_not_found" and error.param == "model", error
    else:
        raise AssertionError("an unknown model was answered")
    try:
        client.chat.completions.create(**{**ask, "temperature": 9})
    except openai.BadRequestError as error:
        assert error.param == "temperature", error
    else:
        raise AssertionError("a temperature of 9 was taken")


def embeddings():
    texts = ["a cat sleeps", "a kitten naps", "the stock market fell"]
    answer = client.embeddings.create(model="minilm", input=texts)
    cat, kitten, market = (one.embedding for one in answer.data)
    assert len(cat) == 384, len(cat)
    dot = lambda a, b: sum(x * y for x, y in zip(a, b))
    assert dot(cat, kitten) > dot(cat, market), (dot(cat, kitten), dot(cat, market))


stream(chat())
json_schema()
models()
errors()
if os.environ.get("WITH_EMBEDDINGS") == "1":
    embeddings()
print("ok")
