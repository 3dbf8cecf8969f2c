from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_settled_reservations'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='reservation',
            name='held_reservations',
        ),
        migrations.RemoveIndex(
            model_name='reservation',
            name='settled_reservations',
        ),
        migrations.AddIndex(
            model_name='reservation',
            index=models.Index(fields=['state', '-created_at', '-generation_id'], name='reservations_by_state'),
        ),
        migrations.AddIndex(
            model_name='reservation',
            index=models.Index(fields=['-created_at', '-generation_id'], name='reservations_by_time'),
        ),
    ]
