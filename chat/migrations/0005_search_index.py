from django.db import migrations

from chat import search_index


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0004_generations_by_person"),
    ]

    operations = [
        migrations.RunPython(search_index.install, search_index.remove),
        migrations.RunPython(search_index.fill, migrations.RunPython.noop),
    ]
