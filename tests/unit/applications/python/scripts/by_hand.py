"""Asks /storage/v1 without a client."""
import os

import httpx

URL = os.environ["API_URL"]
httpx.get(f"{URL}/storage/v1/render/image/public/covers/a.png")
httpx.post(URL + "/auth/v1/token?grant_type=password")
