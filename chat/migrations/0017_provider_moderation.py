import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0016_watched_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='contentrule',
            name='connection',
            field=models.ForeignKey(blank=True, help_text='Prompts and answers are sent there, to OpenAI’s moderations endpoint or one like it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='content_rules', to='chat.providerconnection', verbose_name='provider connection'),
        ),
        migrations.AddField(
            model_name='contentrule',
            name='fails_closed',
            field=models.BooleanField(default=True, help_text='When the provider does not answer. Else it passes; rules that do not block always let it pass.', verbose_name='block what cannot be checked'),
        ),
        migrations.AddField(
            model_name='contentrule',
            name='moderation_model',
            field=models.CharField(blank=True, help_text='Empty: the provider’s own choice.', max_length=200, verbose_name='moderation model'),
        ),
        migrations.AddField(
            model_name='contentrule',
            name='timeout_s',
            field=models.PositiveSmallIntegerField(default=5, help_text='In seconds, for each call of the provider’s moderation.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='time limit'),
        ),
        migrations.AlterField(
            model_name='contentrule',
            name='kind',
            field=models.CharField(choices=[('words', 'words, one a line'), ('pattern', 'pattern (RE2)'), ('provider', 'a provider’s moderation')], default='words', max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='contentrule',
            name='text',
            field=models.TextField(blank=True, help_text='Case and punctuation make no difference to words; a * at an end stands for any ending. Of a provider’s moderation: its categories, one a line; empty: whatever it flags.', max_length=20000, verbose_name='words, pattern or categories'),
        ),
    ]
