-- What the sample's installer tells the files of the skeleton (supamig/testing/sample/installer.py).
set sample.scale = '0.01';
set sample.seed = '1';
set sample.portable = 'false';
set timezone = 'UTC';
set client_min_messages = 'warning';
set search_path = public, extensions;
