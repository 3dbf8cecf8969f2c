from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0018_generations_by_start'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='generation',
            name='active_generations',
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['status', 'lease_expires_at'], name='generations_by_status'),
        ),
    ]
